timeline-title = History
no-timeline = No activity yet
no-timeline-text = Your requests, appointments and reports appear here by date.
timeline-intro = Everything about your requests, appointments and reports, newest first.
