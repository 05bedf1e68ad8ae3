sign-out = تسجيل الخروج
password = كلمة المرور
sign-in = تسجيل الدخول
choose-organization = اختيار المؤسسة
choose-organization-text = لبريدك الإلكتروني حسابات في أكثر من مؤسسة.
forgot-password = هل نسيت كلمة المرور؟
forgot-password-title = تعيين كلمة مرور جديدة
forgot-password-text = أدخل البريد الإلكتروني لحسابك. نرسل إليك رابطًا يعمل مرة واحدة ويبقى صالحًا لمدة ساعة.
forgot-password-send = إرسال الرابط
forgot-password-sent = إذا كان هناك حساب بهذا البريد الإلكتروني، فقد أرسلنا إليه رسالة.
forgot-password-new = كلمة المرور الجديدة
forgot-password-help = 12 حرفًا على الأقل. بضع كلمات لا رابط بينها خيار جيد.
forgot-password-set = تعيين كلمة المرور وتسجيل الدخول
forgot-password-invalid = لم يعد هذا الرابط صالحًا
forgot-password-invalid-text = استُخدم الرابط أو انتهت صلاحيته أو حلّ محله رابط أحدث.
forgot-password-again = طلب رابط جديد
return-to-sign-in = العودة إلى تسجيل الدخول
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
two-factor-code-help-staff = ستة أرقام من التطبيق أو أحد رموز الاسترداد. إذا فقدت كليهما فتواصل مع المسؤول لديك، إذ يمكنه إيقاف المصادقة الثنائية لحسابك.
two-factor-change-help = ستة أرقام من التطبيق أو أحد رموز الاسترداد.
two-factor-current-password = كلمة المرور الحالية
two-factor-required = المصادقة الثنائية إلزامية لدورك، لذا لا يمكنك إيقافها.
two-factor-must-set-up = تشترط مؤسستك المصادقة الثنائية لدورك. أعدّها للمتابعة.
security-title = الأمان
security-intro = المصادقة الثنائية لحسابك
done-two-factor-on = تم تفعيل المصادقة الثنائية. احتفظ برموز الاسترداد في مكان آمن.
done-two-factor-off = تم إيقاف المصادقة الثنائية.
done-recovery-codes-created = رموز الاسترداد الجديدة جاهزة.
