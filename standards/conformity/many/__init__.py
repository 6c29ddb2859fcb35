"""Many: lots by the hundred thousand; each answer is the single judge's, found once for all lots that are alike."""
