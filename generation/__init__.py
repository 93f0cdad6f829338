"""What a picture is and how it is made. Knows neither Discord nor the database."""
