messages = الرسائل
answer-needed = نحتاج إلى إجابتك كي نتمكن من المتابعة.
sender-you = أنت
sender-team = فريقنا
answer = رسالتك
send-answer = إرسال الرسالة
