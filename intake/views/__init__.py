"""Pages of the intake rooms: the client's own (`client`), the clinic's (`staff`), the prescriber's (`medical`)."""
