messages = Nachrichten
answer-needed = Wir benötigen eine Antwort von Ihnen, bevor wir fortfahren können.
sender-you = Sie
sender-team = Unser Team
answer = Ihre Nachricht
send-answer = Nachricht senden
