customers-title = العملاء
customers-empty-text = جرّب جزءًا من الاسم أو رقم العميل.
open-jobs = المهام المفتوحة
archived = مؤرشف
contacts = جهات الاتصال
portal-access = الوصول إلى البوابة
references = المراجع الخارجية
recent-jobs = المهام
