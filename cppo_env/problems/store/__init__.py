"""One indexed Parquet file that holds a whole problem set."""
