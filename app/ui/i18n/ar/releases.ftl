customer-report-revision = النسخة { $number }
customer-report-replaced = يحل هذا التقرير محل نسخة سابقة.
customer-report-published = نُشر في
customer-report-files = الملفات
customer-report-message = رسالة إليك
customer-report-follow-up = المتابعة
customer-report-photos = الصور
