target-open = مفتوحة
target-scheduled = مجدولة
target-dispatched = مُرسلة إلى الفني
target-en_route = في الطريق
target-on_site = في الموقع
target-completed = مكتملة
target-not_completed = غير مكتملة
target-cancelled = ملغاة
