"""The provider `aws`: sessions on EC2 instances that are made for them and go with them."""
