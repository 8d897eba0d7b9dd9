"""docker-compose.yml and the Dockerfiles, checked without a Docker engine: `make check-compose`."""
