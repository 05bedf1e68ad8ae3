job-kind = النوع
job-counts = العناصر
job-dry-run = تشغيل تجريبي
job-from-file = ملف
job-mode-single = مفرد
job-mode-partial = دفعة
job-mode-atomic = الكل أو لا شيء
job-accepted = في قائمة الانتظار
job-processing = قيد المعالجة
job-completed = مكتملة
job-failed = فاشلة
job-cancelled = ملغاة
item-pending = معلّق
item-cancelled = ملغى
item-completed = مكتمل
item-failed = فاشل
job-warned = { $count ->
    [zero] دون تحذيرات
    [one] عنصر واحد مع تحذيرات
    [two] عنصران مع تحذيرات
    [few] { $count } عناصر مع تحذيرات
    [many] { $count } عنصرًا مع تحذيرات
   *[other] { $count } عنصر مع تحذيرات
}
import-status = الحالة
import-codes = التحذيرات والأخطاء
import-all = الكل
import-filter = تصفية
request-log-time = الوقت
request-log-client = تطبيق التكامل
request-log-request = الاستدعاء
request-log-answer = الاستجابة
request-log-duration = المدة
request-log-test = اختبار
