follow-up-text = أنشئ مهمة مستقلة للأعمال المتبقية، للعميل نفسه والموقع نفسه.
follow-up-create-job = إنشاء مهمة
follow-up-dismiss = وضع علامة غير مطلوبة…
follow-up-dismiss-text = لن تظهر هذه المتابعة للعميل على أنها مفتوحة.
done-follow-up-job-created = تم إنشاء المهمة. يمكنك الآن جدولة موعد.
