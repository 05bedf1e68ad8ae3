release-published = منشور
release-replaced = مستبدل
release-withdrawn = مسحوب
