"""`tierwise audit`: what each tier of a ladder costs and achieves on rows, and which is not worth its price."""
