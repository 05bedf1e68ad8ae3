api-calls-title = API-Aufrufe der letzten zwei Wochen
api-calls-day = Tag
api-calls-successful = Erfolgreich
api-calls-rejected = Abgelehnt
api-calls-rate-limited = Limit überschritten
