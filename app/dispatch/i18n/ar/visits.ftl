done-report-submitted = تم إرسال التقرير.
done-en-route = بدأ التنقل.
done-arrived = تم تسجيل الوصول.
done-approved = تم اعتماد التقرير. لن يراه العميل قبل نشره.
done-returned = أُعيد التقرير إلى الفني للتصحيح.
done-published = تم نشر التقرير.
done-withdrawn = تم سحب التقرير. لم يعد العميل يراه.
day-progress = اكتمل { $done } من { $all }
day-empty = لا توجد زيارات في هذا اليوم
day-empty-text = تظهر هنا الزيارات التي يسندها إليك منسق العمليات.
next-visit = الزيارة التالية
current-visit = الزيارة الحالية
completed-visits = المكتملة
navigate = الاتجاهات
start-travel = بدء التنقل
arrived = الوصول
report-title = التقرير
report-summary = الأعمال المنجزة
report-summary-help = داخلي. يكتب المدير النسخة الموجهة إلى العميل.
report-internal = ملاحظات داخلية
report-minutes = مدة العمل (بالدقائق)
report-billable = قابل للفوترة
report-follow-up-help = اذكر الأعمال المتبقية. اتركه فارغًا إذا لم يبقَ شيء.
report-photos-legend = الصور
report-take-photo = التقاط صورة
report-photos = اختيار صور
report-photos-count = الصور المختارة: { $count }
report-photo-not-shown = لا يمكن عرض هذه الصورة هنا، وستُرسل مع ذلك.
report-photos-full = يضم التقرير { $max } من الصور على الأكثر.
photo-mark = ما تُظهره الصورة
photo-mark-none = بلا تسمية
photo-mark-before = قبل العمل
photo-mark-after = بعد العمل
photo-mark-type-plate = لوحة البيانات
photo-turn = تدوير
photo-remove = إزالة
device-draft = مسودتك المحفوظة ({ $at }) موجودة في النموذج.
device-draft-discard = تجاهل المسودة
device-draft-note = مسودة محفوظة عند { $at }
report-photos-help = JPEG أو PNG أو WebP، حتى 15 ميغابايت لكل صورة. تُزال بيانات الموقع الجغرافي.
report-completed = اكتمل العمل
submit-report = إرسال التقرير
report-returned = مُعاد للتصحيح
report-returned-title = أُعيد التقرير للتصحيح
report-submitted-notice = تم إرسال التقرير.
reports-title = تقارير الزيارات
reports-empty = لا توجد تقارير بهذه الحالة
reports-empty-text = تظهر هنا التقارير التي يرسلها الفنيون.
visit = الزيارة
billable = قابل للفوترة
released = منشور
not-released = غير منشور
approve = اعتماد التقرير
approve-consequence = يُغلق التقرير عند اعتماده. إذا كان قابلًا للفوترة، يُنشأ إشعار الفوترة الآن. لن يرى العميل التقرير قبل نشره.
return-report = إعادة للتصحيح…
return-report-now = إعادة التقرير
return-report-consequence = يرى الفني السبب ويصحح التقرير ثم يرسله من جديد.
return-report-reason = سبب الإعادة
photos = الصور
no-photos = لا توجد صور
release-title = نشر التقرير للعميل
release-form-title = عنوان التقرير
release-summary = الملخص
release-message = رسالة شخصية
release-follow-up = المتابعة
release-files = ملفات العميل
release-files-help = تُنشر الملفات المحددة فقط.
release-recipients = المستلمون
release-no-recipients = ليس لدى أي مستخدم للبوابة إذن وصول إلى هذا الموقع بعد. يمكنك نشر التقرير الآن، وسيراه من تدعوه لاحقًا.
publish = نشر التقرير
publish-revision = نشر نسخة جديدة
publish-consequence = يمكن للمستلمين المذكورين أعلاه قراءة هذا النص فورًا وتنزيل الملفات المحددة ما لم يُذكر خلاف ذلك. تبقى الملاحظات الداخلية داخلية.
withdraw = سحب التقرير…
withdraw-now = سحب التقرير
withdraw-consequence = يُزال التقرير وملفاته من البوابة فورًا. تبقى النسخ التي سبق تنزيلها لدى المستلمين.
release-preview = ما يراه العميل
release-history = النسخ
approve-first = يجب اعتماد التقرير قبل نشره.
billing-trigger-created = إنشاء إشعار الفوترة
release-draft = معاينة المسودة
release-without-files = لا يمكنه تنزيل الملفات
done-release-previewed = لم يُنشر بعد. راجع المعاينة أدناه، ثم انشر التقرير أو عدّله.
downloads-title = فُتح بواسطة
downloads-none = لم يُفتح أي ملف منشور بعد.
release-in-language = اللغة: { $language }
day-sync-conflicts = { $count ->
    [zero] لا توجد تعارضات مزامنة.
    [one] تعارض مزامنة واحد مع إدخال دون اتصال.
    [two] تعارضا مزامنة مع إدخالين دون اتصال.
    [few] { $count } تعارضات مزامنة مع إدخالات دون اتصال.
    [many] { $count } تعارض مزامنة مع إدخالات دون اتصال.
   *[other] { $count } تعارض مزامنة مع إدخالات دون اتصال.
 }
day-returned = { $count ->
    [zero] لا توجد تقارير معادة للتصحيح.
    [one] أُعيد تقرير واحد للتصحيح.
    [two] أُعيد تقريران للتصحيح.
    [few] أُعيدت { $count } تقارير للتصحيح.
    [many] أُعيد { $count } تقريرًا للتصحيح.
   *[other] أُعيد { $count } تقرير للتصحيح.
 }
day-resolve-conflicts = حل التعارضات
day-sheet = جدول اليوم
day-stops = الزيارات
day-back = العودة إلى «يومي»
day-offline = أنت غير متصل. البيانات حتى #. تُحفظ إدخالاتك على هذا الجهاز وتُرسل لاحقًا.
day-queued = إدخالات في قائمة الانتظار: #، سُجّل أقدمها عند ~. اتصل بالشبكة لإرسالها.
day-signed-out = انتهت جلستك. ما زالت إدخالاتك على هذا الجهاز.
day-sign-in = تسجيل الدخول للإرسال
day-other-person = إدخالات شخص آخر على هذا الجهاز: #. تُرسل عندما يسجّل ذلك الشخص الدخول.
day-storage-full = هذا الجهاز غير متصل ومساحة التخزين ممتلئة. ما زال النص في هذه الصفحة. وفّر مساحة ثم أعد المحاولة.
day-try-again = إعادة المحاولة
day-refused = لم تُقبل هذه الإدخالات، وما زالت على هذا الجهاز:
queued-en-route = بدء التنقل، سُجّل عند #
queued-arrived = الوصول إلى الموقع، سُجّل عند #
queued-report = التقرير، كُتب عند #
queued-correct = تصحيح التقرير
queued-send-without-photos = إرسال دون صور
day-confirm-early = هذه الزيارة مجدولة ليوم آخر. هل تريد بدء التنقل الآن؟
day-confirm-not-next = الزيارة { $visit } تسبق هذه الزيارة. هل تريد بدء التنقل إلى هذه الآن؟
stop-waits = أرسل تقرير الزيارة الحالية أولًا.
queued-discard = تجاهل
queued-discard-confirm = هل تريد تجاهل هذا الإدخال؟ لا توجد نسخة منه إلا على هذا الجهاز.
technician-local-time = بتوقيتك: { $time }
report-material = المواد
report-material-help = مادة واحدة في كل سطر، مثل «⁦2 x Filter G4⁩».
report-signed-by = اسم الموقّع
report-signed-by-help = اسم الشخص الذي يوقّع لدى العميل.
report-signature = التوقيع
report-sign-here = التوقيع (اختياري)
report-correct = تصحيح التقرير
report-own = التقرير المُرسل
report-photos-there = موجودة في التقرير:
report-signature-clear = مسح التوقيع
report-completed-help = إذا لم تحدده تُعد الزيارة غير مكتملة. اذكر السبب في التقرير.
sync-conflicts-title = تعارضات المزامنة
sync-conflicts-text = حفظت هذه الإدخالات دون اتصال، وتغيّرت المهمة في هذه الأثناء. لم يُفقد شيء. اختر ما تريد الاحتفاظ به.
sync-conflicts-empty = لا توجد تعارضات مزامنة
sync-conflicts-empty-text = لا توجد إدخالات تحتاج إلى قرارك.
sync-conflict-my-version = نسختي
sync-conflict-seen-appointment = الموعد المعروض عند الحفظ: { $when }
sync-conflict-server-version = نسخة الخادم
sync-conflict-no-visit = غير مسندة إليك
sync-conflict-keep-mine = الاحتفاظ بنسختي
sync-conflict-send-to-dispatch = إرسال إلى منسق العمليات
sync-conflict-discard = تجاهل نسختي…
sync-conflict-discard-consequence = تُحذف إدخالاتك نهائيًا. ولا يبقى سوى قيد في سجل التدقيق يثبت وجودها.
sync-conflict-discard-now = تجاهل نهائي
sync-conflict-reason-moved = أُعيدت جدولة الموعد في هذه الأثناء.
sync-conflict-reason-not-yours = لم تعد الزيارة مسندة إلى هذا الفني.
sync-conflict-reason-cancelled = أُلغيت المهمة في هذه الأثناء.
sync-conflict-reason-ended = انتهت المهمة بالفعل.
sync-conflict-reason-other-state = حالة المهمة مختلفة.
sync-conflict-reason-after-another = يجب حسم إدخال سابق لهذه الزيارة أولًا.
sync-conflict-reason-another-under-way = كنت ما زلت في زيارة أخرى. أرسل تقريرها أولًا، أو أرسل هذا الإدخال إلى منسق العمليات.
offline-entries-title = إدخالات الفني دون اتصال
offline-entries-text = حفظ { $technician } هذا الإدخال دون اتصال، وهو يتعارض مع الجدولة الحالية.
offline-entries-resolve = وضع علامة محلول
file-planned-visit = حفظ كتقرير هذه الزيارة
file-additional-visit = حفظ كزيارة إضافية
file-note = الاحتفاظ به كملاحظة
file-help = عند الحفظ كتقرير هذه الزيارة تنتهي به المهمة. وعند الحفظ كزيارة إضافية تبقى المهمة وموعدها دون تغيير. أما الملاحظة فتبقى في هذه الصفحة. وتُحفظ الصور في جميع الحالات.
kept-notes-title = ملاحظات الفنيين
offline-entries-waiting = تعارضات مزامنة أرسلها الفنيون:
unsent-entries-title = إدخالات لم تُرسل
unsent-entries-text = إدخالاتك المحفوظة دون اتصال موجودة على هذا الجهاز فقط. إذا سجّلت الخروج الآن فستُفقد.
unsent-entries-stay = عدم تسجيل الخروج
unsent-entries-sign-out = تسجيل الخروج رغم ذلك…
unsent-entries-consequence = تُحذف الإدخالات غير المرسلة نهائيًا من هذا الجهاز.
unsent-entries-sign-out-now = حذف الإدخالات وتسجيل الخروج
offline-data-removed-title = أُزيلت البيانات المحفوظة دون اتصال
offline-data-removed-text = لم يبق على هذا الجهاز أي من بياناتك. يكتمل تسجيل الخروج عند عودة الاتصال، وبعد ذلك يمكن تسجيل الدخول من جديد.
offline-data-removed-sign-in = تسجيل الدخول مجددًا
day-sheet-zone = الأوقات بالتوقيت المحلي لكل موقع. ويُحسب اليوم بتوقيت { $zone }.
print = طباعة
done-entries-kept = تم الاحتفاظ بنسختك.
done-entries-sent-to-dispatch = أُرسلت الإدخالات إلى منسق العمليات.
done-entries-discarded = تم تجاهل الإدخالات.
done-entries-resolved = تم. تجد النص في هذه الصفحة أو بين التقارير.
report-written = كُتب في الموقع
undo-travel = التراجع عن بدء التنقل
done-en-route-visible = بدأ التنقل، ويرى العميل أنك في الطريق.
done-notice-sent = أُبلغ منسق العمليات.
done-notice-resolved = وُضعت علامة محلول.
done-changes-confirmed = تم تأكيد التغييرات.
queued-cannot-do = «لا يمكن تنفيذ الزيارة»، سُجّل عند #
queued-late = التأخير، سُجّل عند #
day-storage-unwritable = لا يمكن لهذا الجهاز حفظ الإدخالات، مثلًا بسبب استخدام نافذة تصفح خاص أو امتلاء مساحة التخزين. ابقَ متصلًا لإرسال الإدخالات أو استخدم متصفحًا آخر.
day-changed = تغيّرت هذه الصفحة.
day-changed-show = عرض «يومي»
day-install-ios = أضف «يومي» إلى الشاشة الرئيسية (مشاركة، ثم «إضافة إلى الشاشة الرئيسية»). وإلا يحذف نظام iOS الإدخالات المحفوظة بعد أسبوع دون استخدام.
day-install-dismiss = إخفاء
site-visits = { $count ->
    [zero] لا زيارات
    [one] زيارة واحدة
    [two] زيارتان
    [few] { $count } زيارات
    [many] { $count } زيارة
   *[other] { $count } زيارة
 }
stop-due = مستحقة منذ { $time }
stop-late = متأخرة: انتهى الموعد عند { $time }
changes-title = { $count ->
    [zero] لا تغييرات في زياراتك
    [one] تغيير واحد في زياراتك
    [two] تغييران في زياراتك
    [few] { $count } تغييرات في زياراتك
    [many] { $count } تغييرًا في زياراتك
   *[other] { $count } تغيير في زياراتك
 }
changes-confirm = فهمت
day-change-new = جديدة
day-change-moved = أُعيدت جدولتها
day-change-message = رسالة من العميل
day-change-cancelled = ملغاة
day-change-removed = لم تعد مسندة إليك
report-problem = الإبلاغ عن مشكلة
late-title = تأخير
late-by = مدة التأخير
late-help = يُبلَّغ منسق العمليات فورًا.
late-help-shared = يُبلَّغ منسق العمليات فورًا، ويتلقى العميل الوقت الجديد إن أمكن الوصول إليه.
late-send = الإبلاغ عن التأخير
cannot-do-title = لا يمكن تنفيذ الزيارة
cannot-do-reason = السبب
cannot-do-text-help = مطلوبة عند اختيار «سبب آخر».
cannot-do-help = يُبلَّغ منسق العمليات فورًا ويعيد جدولة الزيارة. لا يرى العميل السبب.
cannot-do-send = إبلاغ منسق العمليات
notice-text = ملاحظة لمنسق العمليات
notice-cannot-do = لا يمكن تنفيذ الزيارة: { $reason }
notice-late = { $minutes ->
    [zero] لا تأخير
    [one] تأخير دقيقة واحدة
    [two] تأخير دقيقتين
    [few] تأخير { $minutes } دقائق
    [many] تأخير { $minutes } دقيقة
   *[other] تأخير { $minutes } دقيقة
 }
notice-told = ما أُبلغ به منسق العمليات:
notices-title = مشكلات أبلغ عنها الفنيون
notice-open = غير محلولة
cannot-do-reason-vehicle = عطل في المركبة
cannot-do-reason-ill = مرض أو إصابة
cannot-do-reason-overrun = الزيارة السابقة تستغرق وقتًا أطول
cannot-do-reason-road = الطريق أو الطقس
cannot-do-reason-part-missing = نقص قطعة غيار أو مادة
cannot-do-reason-tool-missing = نقص أداة أو جهاز قياس
cannot-do-reason-documents-missing = نقص مستندات
cannot-do-reason-skill-missing = نقص مهارة أو شهادة
cannot-do-reason-second-person = الحاجة إلى شخص ثانٍ
cannot-do-reason-customer = العميل غير متاح
cannot-do-reason-other = سبب آخر
offline-page-title = يلزم اتصال بالشبكة
offline-page-text = هذه الصفحة غير محفوظة على هذا الجهاز، ولم يُرسل شيء. ارجع إلى الصفحة السابقة حيث ما زالت إدخالاتك موجودة، أو إلى «يومي» الذي يعمل دون اتصال.
report-photo-heic = لا يمكن قراءة صور HEIC هنا. اختر JPEG في إعدادات الكاميرا والتقط الصورة من جديد. يمكن إرسال التقرير دون الصورة أيضًا.
approve-and-release = اعتماد ونشر
approve-and-release-consequence = يُعتمد التقرير ويُنشر، ويمكن للأشخاص المذكورين أعلاه قراءته في البوابة فورًا.
release-start-text = البدء بنص الفني
report-submitted-at = قُدِّم { $time }
file-internal = داخلي
done-approved-next = تم اعتماد التقرير ونشره. هذا هو التقرير التالي.
done-approved-last = تم اعتماد التقرير ونشره. لا يوجد تقرير آخر بانتظار الاعتماد.
approve-and-release-no-viewer = يُعتمد التقرير ويُنشر، ويمكن لمن يحصل على إذن وصول لاحقًا قراءته.
approve-billing = يُنشأ إشعار الفوترة الآن.
work-time = مدة العمل
