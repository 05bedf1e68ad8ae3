messages = Messages
answer-needed = We need an answer from you before we can continue.
sender-you = You
sender-team = Our team
answer = Your message
send-answer = Send message
slot-unavailable = no longer available
part-all_day = Any time
part-morning = Morning
part-afternoon = Afternoon
answer-files = Photos or documents
answer-files-help = Up to 5 files: JPEG, PNG, WebP or PDF, at most 10 MB each.
visit-delayed = { $minutes ->
    [one] We expect to be about one minute late.
   *[other] We expect to be about { $minutes } minutes late.
 }
story-visit = Visit
slots-none = None of these times suit me
slots-proposal = Your proposal
slots-proposal-help = Which days and times suit you? We will reply with new times.
slots-decline = Send proposal
story-report = Report
story-progress = Progress
story-position = Step { $number } of { $count }
slots-legend = Offered times
slots-confirm = Confirm this time
step-passed = {", done"}
step-current = {", current step"}
step-ahead = {", to come"}
