//! Imports an interface that no host gives. Refused when it is loaded.

mod stranger {
    wit_bindgen::generate!({
        inline: "
            package evil:corp;
            interface vault { open: func(code: string) -> bool; }
            world thief { import vault; }
        ",
    });
}

largesse_guests::guest!(|_input| {
    let open = stranger::evil::corp::vault::open("1234");
    largesse_guests::one_point(if open { "open" } else { "shut" })
});
