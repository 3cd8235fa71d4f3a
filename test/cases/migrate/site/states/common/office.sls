office_note: test.nop
