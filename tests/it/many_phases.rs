//! A pipeline can have 128 phases; `tests/ui/too_many_phases.rs` has one more.

use etl_context::{EtlContext, pipeline};

pipeline! {
    Longest {
        P0 = "p0" after Idle; P1 = "p1" after P0; P2 = "p2" after P1; P3 = "p3" after P2;
        P4 = "p4" after P3; P5 = "p5" after P4; P6 = "p6" after P5; P7 = "p7" after P6;
        P8 = "p8" after P7; P9 = "p9" after P8; P10 = "p10" after P9; P11 = "p11" after P10;
        P12 = "p12" after P11; P13 = "p13" after P12; P14 = "p14" after P13; P15 = "p15" after P14;
        P16 = "p16" after P15; P17 = "p17" after P16; P18 = "p18" after P17; P19 = "p19" after P18;
        P20 = "p20" after P19; P21 = "p21" after P20; P22 = "p22" after P21; P23 = "p23" after P22;
        P24 = "p24" after P23; P25 = "p25" after P24; P26 = "p26" after P25; P27 = "p27" after P26;
        P28 = "p28" after P27; P29 = "p29" after P28; P30 = "p30" after P29; P31 = "p31" after P30;
        P32 = "p32" after P31; P33 = "p33" after P32; P34 = "p34" after P33; P35 = "p35" after P34;
        P36 = "p36" after P35; P37 = "p37" after P36; P38 = "p38" after P37; P39 = "p39" after P38;
        P40 = "p40" after P39; P41 = "p41" after P40; P42 = "p42" after P41; P43 = "p43" after P42;
        P44 = "p44" after P43; P45 = "p45" after P44; P46 = "p46" after P45; P47 = "p47" after P46;
        P48 = "p48" after P47; P49 = "p49" after P48; P50 = "p50" after P49; P51 = "p51" after P50;
        P52 = "p52" after P51; P53 = "p53" after P52; P54 = "p54" after P53; P55 = "p55" after P54;
        P56 = "p56" after P55; P57 = "p57" after P56; P58 = "p58" after P57; P59 = "p59" after P58;
        P60 = "p60" after P59; P61 = "p61" after P60; P62 = "p62" after P61; P63 = "p63" after P62;
        P64 = "p64" after P63; P65 = "p65" after P64; P66 = "p66" after P65; P67 = "p67" after P66;
        P68 = "p68" after P67; P69 = "p69" after P68; P70 = "p70" after P69; P71 = "p71" after P70;
        P72 = "p72" after P71; P73 = "p73" after P72; P74 = "p74" after P73; P75 = "p75" after P74;
        P76 = "p76" after P75; P77 = "p77" after P76; P78 = "p78" after P77; P79 = "p79" after P78;
        P80 = "p80" after P79; P81 = "p81" after P80; P82 = "p82" after P81; P83 = "p83" after P82;
        P84 = "p84" after P83; P85 = "p85" after P84; P86 = "p86" after P85; P87 = "p87" after P86;
        P88 = "p88" after P87; P89 = "p89" after P88; P90 = "p90" after P89; P91 = "p91" after P90;
        P92 = "p92" after P91; P93 = "p93" after P92; P94 = "p94" after P93; P95 = "p95" after P94;
        P96 = "p96" after P95; P97 = "p97" after P96; P98 = "p98" after P97; P99 = "p99" after P98;
        P100 = "p100" after P99; P101 = "p101" after P100; P102 = "p102" after P101; P103 = "p103" after P102;
        P104 = "p104" after P103; P105 = "p105" after P104; P106 = "p106" after P105; P107 = "p107" after P106;
        P108 = "p108" after P107; P109 = "p109" after P108; P110 = "p110" after P109; P111 = "p111" after P110;
        P112 = "p112" after P111; P113 = "p113" after P112; P114 = "p114" after P113; P115 = "p115" after P114;
        P116 = "p116" after P115; P117 = "p117" after P116; P118 = "p118" after P117; P119 = "p119" after P118;
        P120 = "p120" after P119; P121 = "p121" after P120; P122 = "p122" after P121; P123 = "p123" after P122;
        P124 = "p124" after P123; P125 = "p125" after P124; P126 = "p126" after P125; P127 = "p127" after P126;
    }
}

#[test]
fn a_pipeline_can_have_128_phases_and_each_has_its_place() {
    let mut context = EtlContext::for_pipeline::<Longest>("longest");
    for phase in 0..128 {
        assert!(context.start_phase(&format!("p{}", (phase + 1) % 128), None).is_err(), "not yet, after {phase} of them");
        context.start_phase(&format!("p{phase}"), None).unwrap();
        context.end_phase(()).unwrap();
    }
    assert_eq!(context.record().phases().count(), 128);
}
