"""What each kind of device puts on its wire: values in, bytes out; written from datasheets."""
