api-calls-title = API calls in the last two weeks
api-calls-day = Day
api-calls-successful = Successful
api-calls-rejected = Rejected
api-calls-rate-limited = Rate limited
