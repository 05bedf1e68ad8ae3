messages = الرسائل
answer-needed = نحتاج إلى إجابتك كي نتمكن من المتابعة.
sender-you = أنت
sender-team = فريقنا
answer = رسالتك
send-answer = إرسال الرسالة
slot-unavailable = لم يعد متاحًا
part-all_day = أي وقت
part-morning = قبل الظهر
part-afternoon = بعد الظهر
answer-files = صور أو مستندات
answer-files-help = حتى 5 ملفات بصيغة JPEG أو PNG أو WebP أو PDF، لا يزيد كل ملف على 10 ميغابايت.
visit-delayed = { $minutes ->
    [zero] لا نتوقع أي تأخير.
    [one] نتوقع أن نتأخر نحو دقيقة واحدة.
    [two] نتوقع أن نتأخر نحو دقيقتين.
    [few] نتوقع أن نتأخر نحو { $minutes } دقائق.
    [many] نتوقع أن نتأخر نحو { $minutes } دقيقة.
   *[other] نتوقع أن نتأخر نحو { $minutes } دقيقة.
 }
story-visit = الزيارة
slots-none = لا يناسبني أي من هذه المواعيد
slots-proposal = اقتراحك
slots-proposal-help = ما الأيام والأوقات التي تناسبك؟ سنرد عليك بمواعيد جديدة.
slots-decline = إرسال الاقتراح
story-report = التقرير
story-progress = مراحل الطلب
story-position = المرحلة { $number } من { $count }
slots-legend = المواعيد المقترحة
slots-confirm = تأكيد الموعد
step-passed = {"، تم"}
step-current = {"، المرحلة الحالية"}
step-ahead = {"، لم يحن بعد"}
