language = اللغة
skip-to-content = الانتقال إلى المحتوى
email = البريد الإلكتروني
copy = نسخ
copied = تم النسخ
next-page = الصفحة التالية
first-page = الصفحة الأولى
back = رجوع
errors-title = { $count ->
    [zero] لا توجد مشكلات
    [one] توجد مشكلة واحدة
    [two] توجد مشكلتان
    [few] توجد { $count } مشكلات
    [many] توجد { $count } مشكلة
   *[other] توجد { $count } مشكلة
}
request-id = معرّف العملية
not-found-title = الصفحة غير موجودة
not-found-text = هذه الصفحة غير موجودة أو ليست لديك صلاحية الوصول إليها. تحقق من عنوان URL أو ارجع إلى الصفحة السابقة.
denied-title = ليست لديك صلاحية الوصول
denied-text = لا يتيح لك دورك الوصول إلى هذه الصفحة. إذا كنت بحاجة إليها فتواصل مع مسؤول النظام.
server-error-title = حدث خطأ ما
server-error-text = حدث خطأ من جانبنا. بياناتك سليمة. حاول مرة أخرى، وإذا استمرت المشكلة فتواصل معنا مع ذكر معرّف العملية.
visible-to-team = مرئي لفريقك فقط
visible-to-customer = للعميل
optional = اختياري
age-now = الآن
age-minutes = { $count } د
age-hours = { $count } س
age-days = { $count ->
    [zero] { $count } يوم
    [one] يوم واحد
    [two] يومان
    [few] { $count } أيام
    [many] { $count } يومًا
   *[other] { $count } يوم
}
draft-restored = مسودة لم تُرسل ({ $age }).
draft-discard = تجاهل المسودة
draft-without-form = كُتب هذا هنا ولم يُرسل ({ $age }). النموذج الخاص به غير موجود في هذه الصفحة الآن.
sign-in-kept = سجّل الدخول للمتابعة. ما كتبته محفوظ.
saved-value = المحفوظ الآن:
saved-value-empty = فارغ
saved-value-on = محدد
saved-value-off = غير محدد
select-option = اختر
file-being-checked = قيد الفحص بحثًا عن برامج ضارة
file-quarantined = محظور: عُثر على برنامج ضار
file-size-kb = { $size } كيلوبايت
file-size-mb = { $size } ميغابايت
priority-low = منخفضة
priority-normal = عادية
priority-high = عالية
priority-urgent = عاجلة
channel-api = API
channel-web_form = نموذج ويب
channel-portal = البوابة
channel-terminal = محطة الخدمة
channel-staff = الفريق
report-draft = مسودة
report-submitted = بانتظار الاعتماد
report-approved = معتمد
report-returned = مُعاد للتصحيح
outcome-created = مُنشأ
outcome-updated = محدّث
outcome-unchanged = دون تغيير
outcome-skipped = متخطى
outcome-failed = فاشل
mapping-mapped = مربوط
mapping-created = مُنشأ
mapping-updated = مربوط ومحدّث
mapping-skipped = غير مربوط
mapping-failed = فشل الربط
code-customer_required = العميل مطلوب
code-scope_missing_customers_map = نطاق الصلاحية customers.map غير متوفر
code-external_id_blocked_value = المعرّف الخارجي قيمة وهمية
code-customer_merged = دُمج العميل مع عميل آخر
code-customer_inactive = العميل مؤرشف
code-customer_number_unknown = رقم العميل غير معروف
code-customer_number_ambiguous = رقم العميل غير فريد
code-customer_identifier_conflict = المعرّف الخارجي ورقم العميل غير متطابقين
code-link_created = رُبط المعرّف الخارجي بالعميل
code-customer_name_mismatch = اسم العميل مختلف
code-customer_already_linked = للعميل معرّف خارجي آخر في هذا النظام المصدر
code-feature_not_enabled = الميزة غير مفعّلة لهذه المؤسسة
code-auto_create_disabled = الإنشاء التلقائي معطّل لهذا النظام المصدر
code-auto_update_disabled = التحديث التلقائي معطّل لهذا النظام المصدر
code-scope_missing_customers_write = نطاق الصلاحية customers.write غير متوفر
code-customer_name_required = اسم العميل الجديد مطلوب
code-customer_number_ignored = تم تجاهل رقم العميل
code-possible_duplicate_name = يوجد عميل بالاسم نفسه
code-external_id_missing = المعرّف الخارجي ناقص
code-external_id_required_for_create = المعرّف الخارجي مطلوب لإنشاء عميل
code-name_only_not_matchable = الاسم وحده لا يحدد هوية العميل
code-customer_unresolved = لم تُحدّد هوية العميل
code-customer_derived_from_location = حُدّد العميل من خلال الموقع
code-location_customer_mismatch = الموقع يخص عميلًا آخر
code-missing_coordinates = الإحداثيات ناقصة
code-location_not_identified = لم يُحدّد الموقع، العنوان فقط
code-location_inactive = الموقع مؤرشف
code-contact_customer_mismatch = جهة الاتصال تخص عميلًا آخر
code-contact_location_mismatch = جهة الاتصال مرتبطة بموقع آخر
code-contact_not_matchable = لم تُحدّد جهة الاتصال
code-stale_source_version = استُوردت نسخة أحدث من قبل
code-change_requires_review = التغيير يتطلب مراجعة منسق العمليات
code-target_locked = لم يعد تعديل المهمة ممكنًا
code-target_customer_change_requires_review = تغيير العميل يتطلب مراجعة
code-mapping_recovered = اكتمل الربط لاحقًا
code-duplicate_in_batch = عنصر مكرر في الدفعة
code-duplicate_external_id_in_batch = المعرّف الخارجي نفسه بمحتوى مختلف في الدفعة
code-external_id_required = المعرّف الخارجي للمهمة ناقص
code-invalid_time_window = الفترة الزمنية غير صالحة
code-invalid_coordinates = الإحداثيات غير صالحة
code-atomic_rollback = تم التراجع بسبب فشل عنصر آخر
code-not_found = المهمة غير موجودة في هذا النظام المصدر
code-job_cancelled = أُلغيت عملية الاستيراد
code-internal_error = خطأ داخلي
code-change_declined = رفض منسق العمليات التغيير
code-target_cancelled = المهمة ملغاة
code-implausible_coordinates = الإحداثيات غير معقولة
code-implausible_duration = المدة أطول من الفترة الزمنية
code-unknown_field = حقل غير معروف
code-validation_failed = قيمة غير صالحة
code-required = القيمة ناقصة
code-value_too_long = القيمة أطول من المسموح
code-invalid_character = رمز غير مسموح به
code-surrounding_space = يبدأ المعرّف أو ينتهي بمسافة
code-invalid_email = البريد الإلكتروني غير صالح
code-invalid_country = رمز دولة غير صالح
code-source_system_not_allowed = النظام المصدر غير مسموح به
code-too_many_cells = الخلايا أكثر من الأعمدة
code-number_shortened = اختصر جدول البيانات الرقم
code-ambiguous_date = تعذّر تمييز اليوم من الشهر
list-separator = {"، "}
capability-submit = تقديم الطلبات
capability-appointments = عرض المواعيد
capability-reports = عرض التقارير
capability-downloads = تنزيل الملفات
capability-all_requests = عرض طلبات الزملاء
capability-manage = دعوة الزملاء
calendar-name = المواعيد مع { $tenant }
calendar-technician = الفني: { $name }
organisation-contact = للتواصل:
form-not-readable = تعذّرت قراءة النموذج. عُد إلى الصفحة السابقة وأعد تحميلها ثم حاول مرة أخرى.
calendar-cancelled = أُلغي: { $summary }
no-mail-server = لا يمكن إرسال رسائل البريد الإلكتروني حاليًا. تبقى في الانتظار إلى أن يصبح ذلك ممكنًا.
draft-mark = مسودة
upload-progress = الملفات المرسلة
upload-cancel = إلغاء الرفع
upload-not-sent = لم يُرسل شيء. ما زال نصك وملفاتك هنا. أرسلها مجددًا متى شئت.
files-refused = { $count ->
    [one] أُرسل كل شيء ما عدا هذا الملف:
    [two] أُرسل كل شيء ما عدا هذين الملفين:
   *[other] أُرسل كل شيء ما عدا هذه الملفات:
    }
files-refused-advice = يمكنك إرسالها مع رسالة بصيغة مقبولة.
organisation-call = تواصل معنا
organisation-emergency = في حالات الطوارئ، على مدار الساعة:
organisation-privacy = الخصوصية
organisation-imprint = البيانات القانونية
organisation-write = نرد عبر البريد الإلكتروني.
