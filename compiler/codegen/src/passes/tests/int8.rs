//! int8 networks before and after each pass, as text without weights; their outputs stay the same.

use ember_ir::text::{parse, print};
use ember_ir::{QuantGraph, verify_quant};
use expect_test::{Expect, expect};

use super::super::{INT8_PASSES, run_int8};
use crate::interpret::Interpreter;

fn layers(network: &QuantGraph) -> String {
    let text = print(network);
    let lines = text.lines().skip(2).filter(|line| !line.starts_with("  "));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// All outputs for inputs that use all bytes.
fn outputs(network: &QuantGraph) -> Vec<Vec<i8>> {
    let interpreter = Interpreter::new(network).unwrap();
    let samples = (0..4).map(|sample| {
        let bytes = (0..interpreter.input_len()).map(|index| (index * 37 + sample * 101) as u8);
        let mut tensors = interpreter.run_all(&bytes.map(u8::cast_signed).collect::<Vec<_>>());
        let outputs = network.graph.outputs.iter();
        outputs
            .flat_map(|id| std::mem::take(&mut tensors[id.0]))
            .collect()
    });
    samples.collect()
}

/// One pass over a network; the result as text.
fn pass(name: &str, text: &str, expected: Expect) {
    let network = parse(&format!("ember 1\nmodel m\n{text}")).unwrap();
    let before = outputs(&network);
    let pass = INT8_PASSES.iter().find(|pass| pass.name == name).unwrap();
    let after = (pass.run)(network);
    assert_eq!(verify_quant(&after), []);
    assert_eq!(outputs(&after), before);
    assert_eq!(parse(&print(&after)).unwrap(), after);
    expected.assert_eq(&layers(&after));
}

#[test]
fn constants_are_folded() {
    pass(
        "fold_constants",
        "input x 2x3 scale=0.1 zero=3
one = constant shape=3 -> 3 scale=0.1 zero=3
  weights seed=4
other = constant shape=3 -> 3 scale=0.2 zero=-9
  weights seed=5
sum = sub one other -> 3 scale=0.3 zero=1 rounding=tflite
many = pad sum before=4 after=0 -> 7 scale=0.3 zero=1
y = add x sum -> 2x3 scale=0.4 zero=5
output y
output many
",
        expect![[r#"
            input x 2x3 scale=0.1 zero=3
            one = constant shape=3 -> 3 scale=0.1 zero=3
            other = constant shape=3 -> 3 scale=0.2 zero=-9
            sum = constant shape=3 -> 3 scale=0.3 zero=1 rounding=tflite
            many = pad sum before=4 after=0 -> 7 scale=0.3 zero=1
            y = add x sum -> 2x3 scale=0.4 zero=5
            output y
            output many
        "#]],
    );
}

#[test]
fn copies_are_removed() {
    pass(
        "remove_copies",
        "input x 2x2x2 scale=0.1 zero=-128
same = reshape x shape=2x2x2 -> 2x2x2 scale=0.1 zero=-128
relu = unary same function=clip low=0 high=inf -> 2x2x2 scale=0.1 zero=-128
relu6 = unary relu function=clip low=0 high=6 -> 2x2x2 scale=0.1 zero=-128
pool = max_pool2d relu6 kernel=1x1 -> 2x2x2 scale=0.1 zero=-128
coarse = unary pool function=quantize -> 2x2x2 scale=0.2 zero=-128
y = reshape coarse shape=2x2x2 -> 2x2x2 scale=0.2 zero=-128
output y
",
        expect![[r#"
            input x 2x2x2 scale=0.1 zero=-128
            relu6 = unary x function=clip low=0 high=6 -> 2x2x2 scale=0.1 zero=-128
            coarse = unary relu6 function=quantize -> 2x2x2 scale=0.2 zero=-128
            y = reshape coarse shape=2x2x2 -> 2x2x2 scale=0.2 zero=-128
            output y
        "#]],
    );
}

#[test]
fn what_stays_in_place_is_a_reshape() {
    pass(
        "reshape_moves",
        "input x 1x4x3 scale=0.1 zero=3
first = transpose x perm=1,0,2 -> 4x1x3 scale=0.1 zero=3
all = slice first begin=0,0,0 size=4,1,3 step=1,1,1 -> 4x1x3 scale=0.1 zero=3
one = concat all axis=0 -> 4x1x3 scale=0.1 zero=3
y = transpose one perm=2,1,0 -> 3x1x4 scale=0.1 zero=3
output y
",
        expect![[r#"
            input x 1x4x3 scale=0.1 zero=3
            first = reshape x shape=4x1x3 -> 4x1x3 scale=0.1 zero=3
            all = reshape first shape=4x1x3 -> 4x1x3 scale=0.1 zero=3
            one = reshape all shape=4x1x3 -> 4x1x3 scale=0.1 zero=3
            y = transpose one perm=2,1,0 -> 3x1x4 scale=0.1 zero=3
            output y
        "#]],
    );
}

#[test]
fn transposes_cancel() {
    pass(
        "cancel_transposes",
        "input x 2x3x4 scale=0.1 zero=3
left = transpose x perm=2,0,1 -> 4x2x3 scale=0.1 zero=3
right = transpose x perm=2,0,1 -> 4x2x3 scale=0.1 zero=3
number = constant shape=1 -> 1 scale=0.01 zero=-7
  weights seed=4
scaled = mul right number -> 4x2x3 scale=0.05 zero=0
sum = add left scaled act=relu -> 4x2x3 scale=0.2 zero=-3
swish = unary sum function=hard_swish -> 4x2x3 scale=0.2 zero=-3
back = transpose swish perm=1,2,0 -> 2x3x4 scale=0.2 zero=-3
other = transpose back perm=1,0,2 -> 3x2x4 scale=0.2 zero=-3
y = transpose other perm=2,1,0 -> 4x2x3 scale=0.2 zero=-3
output y
",
        expect![[r#"
            input x 2x3x4 scale=0.1 zero=3
            number = constant shape=1 -> 1 scale=0.01 zero=-7
            scaled = mul x number -> 2x3x4 scale=0.05 zero=0
            sum = add x scaled act=relu -> 2x3x4 scale=0.2 zero=-3
            swish = unary sum function=hard_swish -> 2x3x4 scale=0.2 zero=-3
            y = transpose swish perm=2,0,1 -> 4x2x3 scale=0.2 zero=-3
            output y
        "#]],
    );
}

#[test]
fn padding_is_folded() {
    pass(
        "fold_pad",
        "input x 4x4x2 scale=0.1 zero=3
inner = pad x before=1,0,0 after=0,1,0 -> 5x5x2 scale=0.1 zero=3
outer = pad inner before=0,1,0 after=1,0,0 -> 6x6x2 scale=0.1 zero=3
conv = conv2d outer kernel=3x3 channels=2 -> 4x4x2 scale=0.2 zero=-4 rounding=tflite
  weights seed=3
  scales 0.01
  bias 0 5
wide = pad conv before=2,0,0 after=0,0,0 -> 6x4x2 scale=0.2 zero=-4
small = depthwise_conv2d wide kernel=2x2 -> 5x3x2 scale=0.2 zero=-4
  weights seed=3
  scales 0.01
  bias 0 5
one = pad small before=1,1,0 after=0,0,0 value=1 -> 6x4x2 scale=0.2 zero=-4
y = depthwise_conv2d one kernel=2x2 -> 5x3x2 scale=0.2 zero=-4
  weights seed=3
  scales 0.01
  bias 0 5
output y
",
        expect![[r#"
            input x 4x4x2 scale=0.1 zero=3
            conv = conv2d x kernel=3x3 pad=1,1,1,1 channels=2 -> 4x4x2 scale=0.2 zero=-4 rounding=tflite
            wide = pad conv before=2,0,0 after=0,0,0 -> 6x4x2 scale=0.2 zero=-4
            small = depthwise_conv2d wide kernel=2x2 -> 5x3x2 scale=0.2 zero=-4
            one = pad small before=1,1,0 after=0,0,0 value=1 -> 6x4x2 scale=0.2 zero=-4
            y = depthwise_conv2d one kernel=2x2 -> 5x3x2 scale=0.2 zero=-4
            output y
        "#]],
    );
}

#[test]
fn activations_are_fused() {
    pass(
        "fuse_activation",
        "input x 4 scale=0.1 zero=3
first = dense x features=4 -> 4 scale=0.1 zero=-5 rounding=tflite
  weights seed=3
  scales 0.01
  bias 0 5 900 -900
relu = unary first function=clip low=0 high=inf -> 4 scale=0.1 zero=-5
again = unary relu function=clip low=0 high=6 -> 4 scale=0.1 zero=-5
sum = add again x -> 4 scale=0.1 zero=-5
coarse = unary sum function=clip low=0 high=inf -> 4 scale=0.2 zero=-5
product = mul coarse x -> 4 scale=0.01 zero=-128
relu6 = unary product function=clip low=0 high=6 -> 4 scale=0.01 zero=-128
y = sub relu6 sum -> 4 scale=0.1 zero=0
output y
",
        expect![[r#"
            input x 4 scale=0.1 zero=3
            again = dense x features=4 act=relu6 -> 4 scale=0.1 zero=-5 rounding=tflite
            sum = add again x -> 4 scale=0.1 zero=-5
            coarse = unary sum function=clip low=0 high=inf -> 4 scale=0.2 zero=-5
            relu6 = mul coarse x -> 4 scale=0.01 zero=-128
            y = sub relu6 sum -> 4 scale=0.1 zero=0
            output y
        "#]],
    );
}

#[test]
fn tables_are_merged() {
    pass(
        "merge_tables",
        "input x 2x3 scale=0.1 zero=3
sigmoid = unary x function=logistic -> 2x3 scale=0.00390625 zero=-128
turned = transpose sigmoid perm=1,0 -> 3x2 scale=0.00390625 zero=-128
flat = reshape turned shape=6 -> 6 scale=0.00390625 zero=-128
coarse = unary flat function=quantize -> 6 scale=0.01 zero=-100
coarser = unary coarse function=quantize -> 6 scale=0.02 zero=-90
relu = unary x function=clip low=0 high=inf -> 2x3 scale=0.1 zero=3
both = unary relu function=clip low=-1 high=inf -> 2x3 scale=0.1 zero=3
output coarser
output both
",
        expect![[r#"
            input x 2x3 scale=0.1 zero=3
            turned = transpose x perm=1,0 -> 3x2 scale=0.1 zero=3
            flat = reshape turned shape=6 -> 6 scale=0.1 zero=3
            coarser = unary flat function=table -> 6 scale=0.02 zero=-90
            both = unary x function=clip low=0 high=inf -> 2x3 scale=0.1 zero=3
            output coarser
            output both
        "#]],
    );
}

/// What one pass leaves is what another needs.
#[test]
fn the_passes_run_until_nothing_changes() {
    let network = parse(
        "ember 1
model m
input x 1x4x4 scale=0.1 zero=3
image = transpose x perm=1,2,0 -> 4x4x1 scale=0.1 zero=3
padded = pad image before=1,1,0 after=1,1,0 -> 6x6x1 scale=0.1 zero=3
conv = conv2d padded kernel=3x3 channels=2 -> 4x4x2 scale=0.2 zero=-4 rounding=tflite
  weights seed=3
  scales 0.01
  bias 0 5
turned = transpose conv perm=2,0,1 -> 2x4x4 scale=0.2 zero=-4
relu = unary turned function=clip low=0 high=inf -> 2x4x4 scale=0.2 zero=-4
back = transpose relu perm=1,2,0 -> 4x4x2 scale=0.2 zero=-4
dead = unary back function=tanh -> 4x4x2 scale=0.0078125 zero=0
fine = unary back function=quantize -> 4x4x2 scale=0.1 zero=-4
rough = unary fine function=quantize -> 4x4x2 scale=0.3 zero=-128
flat = reshape rough shape=32 -> 32 scale=0.3 zero=-128
y = dense flat features=3 -> 3 scale=0.2 zero=0
  weights seed=9
  scales 0.01
  bias 0 5 7
output y
",
    )
    .unwrap();
    let before = outputs(&network);
    let after = run_int8(network).unwrap();
    assert_eq!(outputs(&after), before);
    expect![[r#"
        input x 1x4x4 scale=0.1 zero=3
        image = reshape x shape=4x4x1 -> 4x4x1 scale=0.1 zero=3
        relu = conv2d image kernel=3x3 pad=1,1,1,1 channels=2 act=relu -> 4x4x2 scale=0.2 zero=-4 rounding=tflite
        rough = unary relu function=table -> 4x4x2 scale=0.3 zero=-128
        y = dense rough features=3 -> 3 scale=0.2 zero=0
        output y
    "#]].assert_eq(&layers(&after));
}
