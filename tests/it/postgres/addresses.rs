//! However odd an address is: no piece of its password is shown, and none is looked up as the name of a host.

use etl_context::{Database, PostgresRuns};

/// Where a piece of the password stands in each address.
const SECRET: &str = "s3cr3t";

/// Each is read as it is meant, and shown as it says.
const CLEAR: &[(&str, &str)] = &[
    ("postgres://u:SECRET@db.example.org/imports", "imports on db.example.org:5432"),
    ("postgres://u:p%40SECRET@db/imports", "imports on db:5432"),
    ("postgres://u:p%2FSECRET@db:5433/imports", "imports on db:5433"),
    ("postgres://u:p:SECRET@db/imports", "imports on db:5432"),
    ("postgres://u:%20SECRET%20@db/imports", "imports on db:5432"),
    ("postgres://u:SECRET%ZZ@db/imports", "imports on db:5432"),
    ("postgres://u:SECRET=;,@db/imports", "imports on db:5432"),
    ("postgres://:SECRET@db/imports", "imports on db:5432"),
    ("postgres://me%40server:SECRET@db/imports", "imports on db:5432"),
    ("postgres://u:SECRET@db", "u on db:5432"),
    ("postgres://u:SECRET@db/", "u on db:5432"),
    ("postgres://u:SECRET@[::1]:5433/imports", "imports on ::1:5433"),
    ("postgres://u:SECRET@[fe80::1%25eth0]/imports", "imports on fe80::1%eth0:5432"),
    ("postgres://u:SECRET@one,two:5433/imports", "imports on one:5432 or two:5433"),
    ("postgres://u:SECRET@%2Frun%2Fpostgresql/imports", "imports on /run/postgresql:5432"),
    ("postgres:///imports?host=/run/postgresql&user=u&password=SECRET", "imports on /run/postgresql:5432"),
    ("postgres://u:SECRET@/imports?host=db&port=5433", "imports on db:5433"),
    ("postgres://db/imports?user=u&password=SECRET", "imports on db:5432"),
    ("postgres://db/imports?password=p%40SECRET&user=u", "imports on db:5432"),
    ("postgres://u@db/imports?password=SECRET", "imports on db:5432"),
    ("postgresql://u:SECRET@db/imports?sslmode=disable", "imports on db:5432"),
    ("host=db dbname=imports user=u password=SECRET", "imports on db:5432"),
    ("host=db dbname=imports user=me@server password=SECRET", "imports on db:5432"),
    ("host=db dbname=imports user=u password='p@ SECRET=;'", "imports on db:5432"),
    ("password='postgres://u:p@SECRET/x@y' host=db dbname=imports", "imports on db:5432"),
    ("postgres://u:SECRET@db/Odd%20%22Name%22", "Odd \"Name\" on db:5432"),
    ("host=db dbname='Odd \"Name\"' password=SECRET", "Odd \"Name\" on db:5432"),
    ("host=/run/postgresql dbname=imports password=SECRET", "imports on /run/postgresql:5432"),
];

/// Each could be read in two ways, or in none.
const UNCLEAR: &[&str] = &[
    "postgres://db/imports?user=u&password=p@SECRET",
    "postgres://db/imports?password=@SECRET&user=u",
    "postgresql://db?user=u&password=p@SECRET",
    "postgres://u:p@SECRET@db/imports",
    "postgres://u:p@SECRET:5432/x@db/imports",
    "postgres://u:p/q@SECRET/imports",
    "postgres://u:p/SECRET@db/imports",
    "postgres://u:p?SECRET@db/imports",
    "postgres://u:p#SECRET@db/imports",
    "postgres://u:p@SECRET?host=db.example.org",
    "postgres://u:p@SECRET/imports?user=x&host=/run/postgresql",
    "postgres://u:p@db/imports@SECRET",
    "postgres://u:p@db/imports;password=SECRET",
    "postgres://db/imports&password=SECRET",
    "postgres://db/imports password=SECRET",
    "postgres://db/imports:SECRET",
    "postgres://db/imports%3Fpassword=SECRET",
    "postgres://db;password=SECRET/imports",
    "postgres://u;password=SECRET@db",
    "postgres://u%3ASECRET@db",
    "postgres://u:p@db%40SECRET/imports",
    "postgres://u:p@db SECRET/imports",
    "postgres://u:p@[::1/SECRET",
    "postgres://u:p@[::1]SECRET/imports",
    "postgres://u:p@db:SECRET/imports",
    "postgres://u:SECRET",
    "postgres://u:p@db/imports?password=x&SECRET",
    "postgres://u:p@db/imports?SECRET=1",
    "postgres:/u:SECRET@db/imports",
    "postgres:u:SECRET@db/imports",
    "POSTGRES://u:SECRET@db/imports",
    " postgres://u:SECRET@db/imports",
    "'postgres://u:SECRET@db/imports'",
    "jdbc:postgresql://db/imports?user=u&password=SECRET",
    "mysql://u:SECRET@db/imports",
    "u:SECRET@db/imports",
    "host=db;password=SECRET",
    "host=db,password=SECRET",
    "host=db&password=SECRET dbname=imports",
    "host=db:SECRET dbname=imports",
    "host=u:SECRET@db dbname=imports",
    "host=db/SECRET dbname=imports",
    "host=/run/postgresql?password=SECRET",
    "host=db dbname=imports;password=SECRET",
    "host=db dbname=u:SECRET@imports",
    "host=db user=u;password=SECRET",
    "host=db user=u:SECRET",
    "host=db user=u/SECRET",
    "host=db port=5432;password=SECRET",
    "host=db password=p SECRET",
    "host=db password='SECRET",
    "Host=db;Username=u;Password=SECRET",
    "Server=db;User Id=u;Password=SECRET;",
    "SECRET",
];

#[test]
fn no_address_shows_a_piece_of_a_password_or_has_it_looked_up() {
    for (address, shown) in CLEAR {
        let database = Database::from(address.replace("SECRET", SECRET));
        // Each host that is looked up is shown.
        assert_eq!(database.to_string(), format!("database {shown}"), "{address}");
        assert!(!format!("{database:?}").contains(SECRET), "{address}");
    }
    for address in UNCLEAR {
        let database = Database::from(address.replace("SECRET", SECRET));
        assert_eq!(database.to_string(), "database", "{address}");
        let error = PostgresRuns::connect(&database).unwrap_err();
        // Before anything is looked up.
        assert!(error.to_string().starts_with("the connection string cannot be read; it looks like "), "{address}: {error}");
        assert!(!format!("{database:?} {error:?}").contains(SECRET), "{address}");
    }
}
