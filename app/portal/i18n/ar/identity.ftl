sign-in-title = تسجيل الدخول
sign-in-text = اطّلع على طلباتك ومواعيدك وتقاريرك.
current-password = كلمة المرور الحالية
done-email-change-requested = إذا كان هذا البريد الإلكتروني متاحًا، فقد أرسلنا إليه رسالة تتضمن رابطًا.
done-session-ended = تم إنهاء الجلسة.
profile-title = حسابك
profile-grants = صلاحياتك
profile-no-grants = ليست لديك أي صلاحيات حاليًا.
profile-password = تغيير كلمة المرور
profile-first-password = تعيين كلمة المرور
profile-password-help = تُنهى جميع الجلسات الأخرى، وتصبح الروابط المرسلة إلى بريدك الإلكتروني غير صالحة.
profile-email = تغيير البريد الإلكتروني
new-email = البريد الإلكتروني الجديد
new-email-help = نرسل رابطًا إلى هذا البريد. يسري التغيير عند فتح الرابط.
profile-sessions = الجلسات النشطة
session-since = تسجيل الدخول: { $moment }
session-seen = آخر استخدام: { $moment }
session-this = هذا الجهاز
session-unknown = متصفح غير معروف
session-end = إنهاء الجلسة
sign-out-everywhere = تسجيل الخروج من كل الأجهزة
sign-out-everywhere-consequence = تُنهى جميع الجلسات، بما فيها هذه الجلسة.
sign-out-everywhere-now = تسجيل الخروج من كل الأجهزة
two-factor-code-title = المصادقة الثنائية
two-factor-code-text = المصادقة الثنائية مفعّلة لحسابك. أدخل الرمز الحالي من تطبيق المصادقة.
two-factor-code = الرمز
two-factor-code-help = ستة أرقام من التطبيق أو أحد رموز الاسترداد. إذا فقدت كليهما فتواصل معنا، إذ يمكننا إيقاف المصادقة الثنائية لحسابك.
two-factor-code-submit = تسجيل الدخول
two-factor-title = المصادقة الثنائية (2FA)
two-factor-text = إضافة إلى كلمة المرور أو رابط تسجيل الدخول، تُدخل رمزًا من تطبيق على هاتفك. وبذلك لا تكفي كلمة المرور وحدها أو حساب البريد الإلكتروني وحده لتسجيل الدخول.
two-factor-set-up = إعداد المصادقة الثنائية
two-factor-scan = امسح رمز QR هذا بتطبيق مصادقة، أو أدخل المفتاح في التطبيق.
two-factor-qr-code = رمز QR يتضمن مفتاح تطبيق المصادقة
two-factor-secret = المفتاح
two-factor-confirm-text = أدخل الرمز الظاهر في التطبيق لتفعيل المصادقة الثنائية.
two-factor-turn-on = تفعيل المصادقة الثنائية
two-factor-cancel = إلغاء
two-factor-is-on = المصادقة الثنائية مفعّلة. تحتاج إلى رمز في كل مرة تسجّل فيها الدخول.
recovery-codes-left = { $count ->
    [0] لم يتبقّ لديك أي رمز استرداد.
    [one] تبقى لديك رمز استرداد واحد.
    [two] تبقى لديك رمزا استرداد.
    [few] تبقت لديك { $count } رموز استرداد.
    [many] تبقى لديك { $count } رمز استرداد.
   *[other] تبقى لديك { $count } رمز استرداد.
}
recovery-codes = رموز الاسترداد
recovery-codes-text = اطبع هذه الرموز أو دوّنها، فهي لا تُعرض إلا مرة واحدة. يمكنك استخدام كل رمز مرة واحدة لتسجيل الدخول دون هاتفك.
two-factor-change = تغيير رموز الاسترداد أو إيقاف المصادقة الثنائية
two-factor-change-text = أكّد برمز. تحل رموز الاسترداد الجديدة محل الرموز السابقة.
recovery-codes-create = إنشاء رموز استرداد جديدة
two-factor-turn-off = إيقاف المصادقة الثنائية
done-two-factor-on = تم تفعيل المصادقة الثنائية. احتفظ برموز الاسترداد في مكان آمن.
done-two-factor-off = تم إيقاف المصادقة الثنائية.
done-recovery-codes-created = رموز الاسترداد الجديدة جاهزة.
new-link-text = لا توجد كلمة مرور لحسابك. لإجراء هذا التغيير، افتح رابطًا جديدًا نرسله إلى بريدك الإلكتروني.
new-link-send = إرسال الرابط
done-new-link-sent = أرسلنا إليك رسالة تتضمن رابطًا. افتحه ثم أجرِ التغيير.
