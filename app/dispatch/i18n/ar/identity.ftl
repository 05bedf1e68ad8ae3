sign-in-title = تسجيل دخول الفريق
sign-in-text = لمنسقي العمليات والمديرين والفنيين.
done-password = تم تعيين كلمة المرور الجديدة وإنهاء جميع الجلسات الأخرى.
two-factor-policy-title = المصادقة الثنائية
two-factor-policy-intro = الأدوار التي يجب أن تستخدم المصادقة الثنائية
two-factor-policy-text = من له أحد هذه الأدوار ولا يستخدم المصادقة الثنائية بعد يعدّها بعد تسجيل الدخول التالي.
two-factor-policy-save = حفظ الاشتراط
two-factor-role-admin = المسؤولون
two-factor-role-manager = المديرون
two-factor-role-dispatcher = موظفو الجدولة
two-factor-role-technician = الفنيون
two-factor-role-auditor = المدققون
two-factor-role-partner = الشركاء
done-two-factor-policy = تم حفظ الاشتراط.
shortcuts-title = اختصارات لوحة المفاتيح
shortcuts-text = تعمل الأحرف المفردة في «الوارد» كاختصارات. أوقفها إذا كنت تستخدم الإدخال الصوتي أو تضغط المفاتيح دون قصد. يعمل Ctrl K دائمًا.
shortcuts-turn-off = إيقاف اختصارات الأحرف المفردة
shortcuts-turn-on = تفعيل اختصارات الأحرف المفردة
done-organization-created = تم إنشاء مؤسستك. سجّل الدخول ببريدك الإلكتروني وكلمة المرور.
team-title = الفريق
team-name = الاسم
team-role = الدور
team-last-sign-in = آخر تسجيل دخول: { $at }
team-never = لم يسجّل الدخول بعد
team-active = نشط
team-active-two-factor = نشط، مع المصادقة الثنائية
team-locked = مقفل
team-invited = تمت الدعوة، الرابط صالح حتى { $day }
team-invitation-expired = انتهت صلاحية الدعوة
team-change-role-text = تغيير الدور ينهي جلسات هذا الشخص، ويسجّل الدخول من جديد.
team-role-of = دور { $name }
team-save-role = حفظ الدور
team-new-link = رابط جديد
team-lock = قفل
team-unlock = إلغاء القفل
team-lock-text = سيتم تسجيل خروج { $name } من كل الأجهزة ولن يمكنه تسجيل الدخول. يبقى ما أنجزه محفوظًا.
team-link = سلّم هذا الرابط. يظهر مرة واحدة فقط، وتُعيَّن به كلمة مرور، وهو صالح لمدة 7 أيام.
team-invite-title = دعوة زميل
team-invite-text = ستحصل على رابط لتسليمه. يعيّن به زميلك كلمة مرور ويسجّل الدخول.
team-invite = إنشاء الدعوة
team-roles-title = الأدوار
team-role-admin = مسؤول
team-role-manager = مدير
team-role-dispatcher = موظف جدولة
team-role-technician = فني
team-role-auditor = مدقق
team-role-admin-text = كل شيء ما عدا تنفيذ الزيارات: الفريق وعمليات التكامل والنماذج والبوابة والأمان.
team-role-manager-text = الوارد والتخطيط والفنيون والوصول إلى البوابة؛ ويعتمد تقارير الزيارات وينشرها.
team-role-dispatcher-text = الوارد والمهام والعملاء والتخطيط وعمليات الاستيراد والربط.
team-role-technician-text = زياراته وتقاريرها في «يومي».
team-role-auditor-text = يقرأ كل شيء بما في ذلك سجل التدقيق ولا يغيّر شيئًا.
done-member-link = تم إنشاء الرابط.
done-member-role = تم تغيير الدور.
done-member-locked = تم قفل الحساب وتسجيل خروجه.
done-member-unlocked = تم إلغاء قفل الحساب.
team-manage = إدارة
team-manage-person = إدارة { $name }
team-new-link-text = رابط يعيّن به هذا الشخص كلمة مرور جديدة. تصبح الروابط السابقة غير صالحة.
organization-title = المؤسسة
organization-name = الاسم
organization-name-help = يراه العملاء في البوابة وفي الرسائل.
organization-zone-help = للوحة الجدولة وللمواقع الجديدة التي لم تُحدَّد دولتها. تحتفظ المواقع والفنيون الحاليون بمناطقهم الزمنية.
organization-language-help = للأشخاص الذين لا تُعرف لغتهم.
organization-shows-technician = إظهار اسم الفني للعملاء
organization-shows-technician-help = للمواعيد التي تُشارَك مع العملاء، في البوابة وفي صفحات المتابعة.
organization-contact = هاتف البوابة وبريدها الإلكتروني وأوقاتها وشعارها ولونها
done-first-password = مرحبًا. أصبح حسابك جاهزًا.
own-name-title = الاسم
own-name = اسمك
own-name-help = يراه زملاؤك، ويراه العملاء حيث يُذكر الفني أو الموظف.
own-name-save = حفظ الاسم
team-invite-mailed = يرسل Ordinavo الدعوة بالبريد الإلكتروني. يمكنك أيضًا تسليم الرابط الذي يظهر بعد ذلك.
done-member-invited = أُرسلت الدعوة بالبريد الإلكتروني. الرابط أدناه هو نفسه.
team-hand-over-title = تسليم العمل المفتوح
team-open-requests = { $count ->
    [zero] لا طلبات مفتوحة
    [one] طلب مفتوح واحد
    [two] طلبان مفتوحان
    [few] { $count } طلبات مفتوحة
   *[other] { $count } طلبًا مفتوحًا
}
team-open-visits = { $count ->
    [zero] لا زيارات مخططة
    [one] زيارة مخططة واحدة
    [two] زيارتان مخططتان
    [few] { $count } زيارات مخططة
   *[other] { $count } زيارة مخططة
}
team-hand-over-to = إسناد الطلبات المفتوحة إلى
team-hand-over = تسليم الطلبات
team-visits-board = تُسند الزيارات المخططة إلى فني آخر على لوحة الجدولة.
done-work-handed-over = تم تسليم الطلبات المفتوحة.
