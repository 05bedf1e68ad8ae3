job-kind = Type
job-counts = Items
job-dry-run = Dry run
job-from-file = File
job-mode-single = Single
job-mode-partial = Batch
job-mode-atomic = All or nothing
job-accepted = Queued
job-processing = Processing
job-completed = Completed
job-failed = Failed
job-cancelled = Cancelled
item-pending = Pending
item-cancelled = Cancelled
item-completed = Completed
item-failed = Failed
job-warned = { $count ->
    [one] { $count } with warnings
   *[other] { $count } with warnings
}
import-status = Status
import-codes = Warnings and errors
import-all = All
import-filter = Filter
request-log-time = Time
request-log-client = Client
request-log-request = Call
request-log-answer = Response
request-log-duration = Duration
request-log-test = Test
