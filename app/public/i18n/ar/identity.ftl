# صفحة إعداد التثبيت الجديد.
setup-title = إنشاء المؤسسة
setup-text = هذا التثبيت من Ordinavo جاهز. أدخل اسم مؤسستك وأنشئ حساب المسؤول الأول الذي يدعو البقية بعد ذلك. تعمل هذه الصفحة مرة واحدة فقط.
setup-organization = المؤسسة
setup-organization-name = الاسم
setup-short-name = الاسم في العناوين
setup-short-name-help = أحرف لاتينية صغيرة وأرقام وشرطات، مثل nordwind-service. وهو جزء من عنوان البوابة. اتركه فارغًا ليُشتق من الاسم.
setup-language = اللغة
setup-zone = المنطقة الزمنية
setup-administrator = المسؤول الأول
setup-name = اسمك
setup-email = بريدك الإلكتروني
setup-password = كلمة المرور
setup-password-help = 12 حرفًا على الأقل. من السهل تذكّر عدة كلمات.
setup-submit = إنشاء المؤسسة
