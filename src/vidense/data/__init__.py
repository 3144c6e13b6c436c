"""Videos on disk to clips in memory: layouts, decoding, sampling, the store and the built-in videos."""
