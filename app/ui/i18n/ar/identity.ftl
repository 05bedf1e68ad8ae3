sign-out = تسجيل الخروج
password = كلمة المرور
sign-in = تسجيل الدخول
choose-organization = اختيار المؤسسة
choose-organization-text = لبريدك الإلكتروني حسابات في أكثر من مؤسسة.
