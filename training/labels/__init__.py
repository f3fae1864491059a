"""Labels: from outcomes or a judge's tier, by the tier map, to what each tier would lose; rows with their labels."""
