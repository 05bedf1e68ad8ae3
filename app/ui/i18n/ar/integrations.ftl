api-calls-title = استدعاءات API خلال آخر أسبوعين
api-calls-day = اليوم
api-calls-successful = ناجحة
api-calls-rejected = مرفوضة
api-calls-rate-limited = تجاوزت الحد
