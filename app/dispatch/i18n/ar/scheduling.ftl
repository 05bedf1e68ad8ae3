technicians-empty = لا يوجد فنيون بعد
technicians-empty-text = تظهر هنا الحسابات ذات دور الفني.
technician-skills = المهارات
technician-skills-help = افصل بين المهارات بفواصل، واكتبها كما ترد في المهام التي تتطلبها.
technician-working-hours = ساعات العمل
technician-no-working-hours = لم تُحدَّد بعد
technician-working-hours-help = اترك الوقتين فارغين في الأيام التي بلا وردية. الوردية التي يسبق وقت نهايتها وقت بدايتها تنتهي في اليوم التالي.
technician-zone = المنطقة الزمنية
technician-zone-help = تنطبق على ساعات العمل والغياب، مثل Europe/Berlin.
technician-start = نقطة البداية
technician-end = نقطة النهاية
technician-end-help = اتركها فارغة إذا كان اليوم ينتهي عند نقطة البداية.
technician-absences = الغياب
place-name = الاسم
place-coordinates = الإحداثيات
place-coordinates-help = الصق رابطًا من خريطة، أو خط العرض وخط الطول.
time-from = من
time-until = إلى
breaks-title = الاستراحات
breaks-help = تنطبق الاستراحات على كل وردية، وتُؤخذ بين زيارتين.
break-number = الاستراحة { $number }
break-earliest-start = أبكر بداية
break-latest-start = آخر بداية
break-minutes = الدقائق
absences-none = لا يوجد غياب قادم.
absence-first = اليوم الأول
absence-last = اليوم الأخير
absence-last-help = اتركه فارغًا إذا كان الغياب يومًا واحدًا.
absence-kind = السبب
absence-add = إضافة غياب
absence-remove = إزالة
absence-remove-one = إزالة { $days }
absence-vacation = إجازة
absence-sick = إجازة مرضية
absence-training = تدريب
absence-other = سبب آخر
done-technician-saved = تم حفظ بيانات الفني.
done-absence-added = تمت إضافة الغياب. تبقى المواعيد في هذه الأيام مجدولة حتى تعيد جدولتها.
done-absence-removed = تمت إزالة الغياب.
board-views = طرق العرض
board-day = اليوم
board-week = الأسبوع
board-list = القائمة
board-map = الخريطة
board-show-date = عرض
board-unscheduled = غير مجدول
board-unscheduled-empty = لا توجد مهام غير مجدولة
board-unscheduled-empty-text = تظهر هنا المهام التي بلا موعد. اسحب مهمة إلى أحد الفنيين، أو استخدم «جدولة…».
board-unscheduled-more = عرض المزيد
board-no-technicians = لا يوجد فنيون
board-no-technicians-text = تظهر هنا الحسابات ذات دور الفني.
board-break = استراحة { $time }، { $span }
board-no-shift = بلا وردية
board-no-working-hours = ساعات العمل غير محددة
board-load = { $stops ->
    [zero] لا زيارات
    [one] زيارة واحدة
    [two] زيارتان
    [few] { $stops } زيارات
    [many] { $stops } زيارة
   *[other] { $stops } زيارة
} · التنقل { $travel }
board-schedule = جدولة…
board-reschedule-job = إعادة جدولة { $job }
board-schedule-job = جدولة { $job }
board-conflicts = { $count ->
    [zero] لا تعارضات
    [one] تعارض واحد
    [two] تعارضان
    [few] { $count } تعارضات
    [many] { $count } تعارضًا
   *[other] { $count } تعارض
}
board-no-visits = لا توجد زيارات في هذا اليوم
board-no-visits-text = تظهر هنا الزيارات المجدولة لهذا اليوم.
board-travel = وقت التنقل
board-conflicts-heading = التعارضات
board-no-locations = لا توجد مواقع لعرضها
board-no-locations-text = تظهر هنا الزيارات إلى المواقع التي لها إحداثيات.
board-no-coordinates = بلا إحداثيات
board-map-label = خريطة اليوم. تعرض القائمة المجاورة المعلومات نفسها.
board-starting-points = نقاط البداية
board-checking = جارٍ الفحص…
board-check = فحص التعارضات
board-cancel = إلغاء
board-current-appointment = الموعد الحالي: { $day }، { $time }، { $name }
board-incomplete = اختر فنيًا وتاريخًا ووقت بداية ووقت نهاية بعده.
board-reschedule-appointment = إعادة جدولة الموعد
board-schedule-appointment = جدولة موعد
board-no-conflicts = لا تعارضات
board-travel-from = التنقل من { $job }: { $time }
board-travel-to = التنقل إلى { $job }: { $time }
conflict-time-off = غائب: { $why }
conflict-no-shift = لا وردية في هذا الوقت
conflict-in-past = الزيارة ستكون قد انتهت بالفعل
conflict-unusual-time = لم تُحدَّد ساعات عمل، والموعد يوم أحد أو ليلًا
conflict-too-short = الموعد أقصر من مدة العمل بمقدار { $time }
recorded-reason = لماذا تُسجَّل الزيارة بعد انتهائها؟
recorded-reason-help = لفريقك. تُوسم الزيارة بأنها مسجّلة بعد انتهائها، ولا يُرسل أي إشعار.
recorded-afterwards = سُجّلت بعد انتهائها
conflict-outside-shift = { $time } خارج الوردية
conflict-skills = مهارات ناقصة: { $skills }
conflict-outside-window = يبدأ خارج الفترة المطلوبة بفارق { $time }
conflict-overlap = يتداخل مع { $job }
conflict-travel-from = يستغرق التنقل من { $job } مدة { $takes }، والمتاح { $there }
conflict-travel-to = يستغرق التنقل إلى { $job } مدة { $takes }، والمتاح { $there }
duration-minutes = { $minutes } د
duration-hours = { $hours } س
duration-hours-minutes = { $hours } س { $minutes } د
affected-title = المتأثرون
affected-gets-visit = تظهر هذه الزيارة لدى { $name } في «يومي».
affected-loses-visit = لم تعد هذه الزيارة لدى { $name }.
affected-visit-moved = يتغيّر وقت الزيارة لدى { $name }.
affected-viewers = عند مشاركة الموعد يظهر في البوابة والتقويم لدى: { $names }.
affected-no-viewers = لا يوجد لدى هذا العميل مستخدم للبوابة يمكنه رؤية المواعيد.
affected-if-shared = عند مشاركته مع العميل:
board-zone = المنطقة الزمنية: { $zone }
suggestion-request = اقتراح مسارات
suggestion-commit-text = { $count ->
    [zero] لن يُجدول أي موعد عند الاعتماد
    [one] عند الاعتماد يُجدول موعد واحد
    [two] عند الاعتماد يُجدول موعدان
    [few] عند الاعتماد تُجدول { $count } مواعيد
    [many] عند الاعتماد يُجدول { $count } موعدًا
   *[other] عند الاعتماد يُجدول { $count } موعد
 }. يظهر ذلك للفنيين في «يومي». ولا يرى العملاء إلا المواعيد التي تُشارَك معهم. تُفحص التعارضات مجددًا قبل ذلك.
suggestion-commit-all = { $count ->
    [zero] اعتماد
    [one] اعتماد
    [two] اعتماد الموعدين
    [few] اعتماد الكل ({ $count })
    [many] اعتماد الكل ({ $count })
   *[other] اعتماد الكل ({ $count })
 }
suggestion-commit = اعتماد
suggestion-commit-one = اعتماد { $job }
suggestion-discard = تجاهل
suggestion-discard-consequence = تُحذف المسارات المقترحة. لا تتغير المواعيد.
suggestion-no-jobs = لا توجد مهمة غير مجدولة تناسب هذا اليوم. أسباب الاستبعاد أدناه.
suggestion-other-days = { $count ->
    [zero] لا توجد مهام غير مجدولة فترتها المطلوبة في أيام أخرى.
    [one] مهمة واحدة غير مجدولة فترتها المطلوبة في يوم آخر.
    [two] مهمتان غير مجدولتين فترتاهما المطلوبتان في أيام أخرى.
    [few] { $count } مهام غير مجدولة فتراتها المطلوبة في أيام أخرى.
    [many] { $count } مهمة غير مجدولة فتراتها المطلوبة في أيام أخرى.
   *[other] { $count } مهمة غير مجدولة فتراتها المطلوبة في أيام أخرى.
}
suggestion-routes = المسارات
suggestion-already-scheduled = مجدول مسبقًا
suggestion-proposed = مقترح
suggestion-left-out = غير مدرج
suggestion-left-out-none = لا شيء. تشمل الخطة جميع المهام غير المجدولة لهذا اليوم.
suggestion-metric = المؤشر
suggestion-current-plan = الخطة الحالية
suggestion-suggested-plan = الخطة المقترحة
suggestion-stops = الزيارات
suggestion-travel = وقت التنقل
suggestion-distance = المسافة
suggestion-travel-per-visit = وقت التنقل لكل زيارة
suggestion-late = التأخر عن الفترة المطلوبة (بالدقائق)
suggestion-km = { $km } كم
suggestion-why-here = لماذا هنا؟
suggestion-exclusion-reason = سبب الاستبعاد
suggestion-solution = حل ممكن
suggestion-committed = معتمد
suggestion-stale = لم يعد صالحًا: { $why }
alternative-more-travel = { $name }: تنقل أطول بمقدار { $time }
alternative-less-travel = { $name }: تنقل أقصر بمقدار { $time }، لكنه أسوأ للخطة ككل
alternative-not-possible = { $name }: { $why }
exclusion-skill = مهارات ناقصة: { $skills }
exclusion-window = تأخر { $time } عن الفترة المطلوبة
exclusion-shift = تجاوز نهاية الوردية بمقدار { $time }
exclusion-break = تأخر بداية الاستراحة { $time }
exclusion-scheduled-visits = تأخر الزيارات المجدولة { $time }
exclusion-higher-priority = تأخر المهام ذات الأولوية الأعلى { $time }
exclusion-day-full = اليوم ممتلئ، وينقص { $time }
exclusion-other = غير مناسب
solution-skill = إضافة المهارات: { $skills }
solution-window = تمديد الفترة المطلوبة بمقدار { $time }
solution-shift = تمديد الوردية بمقدار { $time }
solution-leave-out = استبعاد { $job }
solution-none = لا يكفي تغيير واحد
left-impossible = غير ممكنة في هذا اليوم
left-lower = ممكنة، لكن لمهام أخرى أولوية عليها
travel-estimated = بيانات الطرق غير مكتملة. بعض أوقات التنقل تقديرية.
time-occurrence = أي الوقتين؟
time-first-occurrence = الأول: قبل تأخير الساعة (التوقيت الصيفي)
time-second-occurrence = الثاني: بعد تأخير الساعة (التوقيت القياسي)
technicians-cut = عدد الفنيين أكبر من { $count }. يظهر هنا وعلى لوحة الجدولة أول { $count } منهم فقط حسب الترتيب الأبجدي.
conflict-offered = مقترح على عميل { $job }
board-utilization = نسبة الاستخدام
percent = { $number }%
pool-search = العميل أو المدينة أو المهارة
pool-now = مستحقة
pool-soon = خلال سبعة أيام
pool-later = لاحقًا
late-since = متأخرة منذ { $time }
map-routes = المسارات
map-not-on-map = غير ظاهرة على الخريطة
map-scale = { $count } كم
map-scale-meters = { $count } م
