reports-title = التقارير
