access-title = الوصول إلى البوابة: { $customer }
access-intro = من يستطيع رؤية ماذا في بوابة العملاء، ومن منح الإذن ولماذا. ينتهي إذن الوصول فور إلغائه.
access-link = تُرسل الدعوة بالبريد الإلكتروني. لمشاركتها بنفسك انسخ هذا الرابط الآن، فهو يظهر مرة واحدة فقط:
access-empty = لا يوجد مستخدمون للبوابة بعد
access-empty-text = ادعُ أول مستخدم للبوابة أدناه.
access-other-customer = جهة اتصال لدى عميل آخر، ولها إذن وصول هنا أيضًا.
access-no-grants = لا يوجد إذن وصول إلى هذا العميل.
access-invited-until = الدعوة صالحة حتى { $day }
access-last = آخر تسجيل دخول: { $moment }
access-never = لم يسبق تسجيل الدخول
access-resend-invitation = إعادة إرسال الدعوة
access-revoke-invitation = إلغاء الدعوة
access-block = حظر الحساب
access-unblock = رفع حظر الحساب
access-all-locations = جميع المواقع
access-valid-until = حتى { $moment }
access-granted-by = منحه { $name }
access-granted-by-operator = منحه المشغّل
access-revoke = إلغاء إذن الوصول…
access-revoke-consequence = ينتهي إذن الوصول فورًا، حتى في الصفحات المفتوحة حاليًا.
access-revoke-now = إلغاء إذن الوصول
access-invite-title = منح إذن الوصول
access-invite-text = تُرسل دعوة إلى من ليس لديه إذن وصول إلى البوابة. ويُستبدل إذن الوصول الحالي إلى الموقع نفسه.
access-contact = جهة الاتصال
access-contact-help = أو اتركه فارغًا وأدخل بيانات الشخص أدناه.
access-name = الاسم
access-email = البريد الإلكتروني
access-email-help = إذا تُرك فارغًا، يُستخدم البريد الإلكتروني لجهة الاتصال.
access-invite = منح إذن الوصول
done-access-invited = تم إنشاء الدعوة.
done-access-granted = تم منح إذن الوصول.
done-invitation-revoked = تم إلغاء الدعوة.
done-account-blocked = تم حظر الحساب وإنهاء جلساته.
done-account-unblocked = تم رفع حظر الحساب.
done-grant-revoked = تم إلغاء إذن الوصول.
review-empty = لا شيء للمراجعة
review-empty-text = لا توجد أذونات وصول تنتهي قريبًا أو غير مستخدمة.
review-reason = السبب
review-unused = غير مستخدم
review-lost-granter = منحه شخص لم يعد يدير صلاحيات الوصول
access-view-as = العرض بصفة هذا المستخدم
visible-to = مرئي لـ: { $count ->
    [0] لا أحد
    [one] شخص واحد
    [two] شخصين
    [few] { $count } أشخاص
    [many] { $count } شخصًا
   *[other] { $count } شخص
 }
visible-to-none = لا يوجد مستخدمون للبوابة.
visible-files = يمكنهم تنزيل الملفات المنشورة
access-two-factor-off = إيقاف المصادقة الثنائية…
access-two-factor-off-consequence = سيسجّل المستخدم الدخول مجددًا بلا رمز، وتُعلمه بذلك رسالة بريد إلكتروني. تحقق أولًا من أن المستخدم نفسه طلب ذلك فعلًا.
access-two-factor-off-now = إيقاف المصادقة الثنائية
access-two-factor-enabled = المصادقة الثنائية مفعّلة
done-access-two-factor-off = تم إيقاف المصادقة الثنائية.
access-offered = معروض ولم يُقبل بعد
invitations-expired = { $count ->
    [zero] لا دعوات منتهية الصلاحية
    [one] انتهت صلاحية دعوة واحدة إلى البوابة
    [two] انتهت صلاحية دعوتين إلى البوابة
    [few] انتهت صلاحية { $count } دعوات إلى البوابة
    [many] انتهت صلاحية { $count } دعوة إلى البوابة
   *[other] انتهت صلاحية { $count } دعوة إلى البوابة
 }
invitation-expired-on = انتهت في { $day }
access-link-no-server = لم يُضبط خادم بريد، ولذلك لم يُرسل شيء. انسخ هذا الرابط الآن وسلّمه. يظهر مرة واحدة فقط:
access-empty-no-permission = يمكن للمديرين ومسؤولي النظام دعوة مستخدمي البوابة.
