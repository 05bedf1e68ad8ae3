timeline-title = السجل
no-timeline = لا يوجد نشاط بعد
no-timeline-text = تظهر طلباتك ومواعيدك وتقاريرك هنا حسب التاريخ.
timeline-intro = كل ما يخص طلباتك ومواعيدك وتقاريرك، الأحدث أولًا.
