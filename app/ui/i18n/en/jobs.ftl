target-open = Open
target-scheduled = Scheduled
target-dispatched = Dispatched
target-en_route = On the way
target-on_site = On site
target-completed = Completed
target-not_completed = Not completed
target-cancelled = Cancelled
