mails-no-server = لم يُضبط خادم بريد، لذلك لا تُرسل الرسائل. يضبطه المشغّل عبر ORDINAVO_SMTP_URL.
mails-empty = لا توجد رسائل بعد
mails-empty-text = يتلقى مقدّمو الطلبات رسالة بريد إلكتروني عند حدوث تغيير في طلباتهم.
mail-subject = الموضوع
mail-recipient = المستلم
mail-sent = وقت الإرسال
mail-attempts = المحاولات
mail-status-waiting = في الانتظار
mail-status-sent = أُرسلت
mail-status-failed = فشلت
mail-status-cancelled = أُلغيت
mail-status-refused = أُلغي الاشتراك
mails-held = رسائل محتجزة: { $count }، وأقدمها منذ { $time }. تُحتجز الرسائل إذا كانت مستحقة منذ أكثر من يوم قبل أن يصبح إرسالها ممكنًا، أو إذا دعا أحد مستخدمي البوابة أشخاصًا كثيرين في يوم واحد.
mails-held-send = إرسال الرسائل المحتجزة
mails-held-drop = تجاهل الرسائل المحتجزة
mails-held-drop-consequence = { $count ->
    [one] لن تُرسل رسالة البريد الإلكتروني، ولن يُرسل شيء بدلًا منها.
    [two] لن تُرسل رسالتا البريد الإلكتروني، ولن يُرسل شيء بدلًا منهما.
    [few] لن تُرسل { $count } رسائل، ولن يُرسل شيء بدلًا منها.
   *[other] لن تُرسل { $count } رسالة، ولن يُرسل شيء بدلًا منها.
}
mail-status-held = محتجزة
done-mails-released = أُدرجت الرسائل في قائمة الإرسال.
done-mails-dropped = جرى تجاهل الرسائل.
reach-email = يُبلَّغ { $address } بالبريد الإلكتروني.
reach-muted = أُوقفت رسائل البريد الإلكتروني بشأن ذلك لدى { $address }.
reach-no-server = لا تُرسل رسالة إلى { $address } لأنه لم يُضبط خادم بريد.
reach-no-address = لا تُرسل رسالة لعدم وجود بريد إلكتروني معروف.
reach-portal = يمكن لـ{ $name } قراءة ذلك في البوابة.
reach-tracking = يمكن لمقدّم الطلب قراءة ذلك في صفحة المتابعة.
reach-call = اتصل بالعميل، فلن يعلم بذلك بطريقة أخرى.
reach-webhook = يُبلَّغ النظام المصدر { $source } عبر webhook.
reach-no-webhook = لا يُبلَّغ النظام المصدر { $source } لعدم وجود نقطة استقبال webhook نشطة له.
reach-failed = تعذّر تسليم رسالة البريد الإلكتروني إلى { $address } بتاريخ { $moment }.
