release-published = Published
release-replaced = Replaced
release-withdrawn = Withdrawn
