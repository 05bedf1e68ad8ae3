reports-title = Berichte
