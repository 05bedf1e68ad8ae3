sign-out = تسجيل الخروج
password = كلمة المرور
sign-in = تسجيل الدخول
