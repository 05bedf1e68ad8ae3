messages = Messages
answer-needed = We need an answer from you before we can continue.
sender-you = You
sender-team = Our team
answer = Your message
send-answer = Send message
