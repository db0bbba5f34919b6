#![allow(missing_docs)]
use ember_tests::*;
use ember_codegen::emit::*; use ember_codegen::target::Limits; use ember_codegen::interpret::Interpreter;
fn main(){
  let board = firmware::board(&std::env::args().nth(1).unwrap());
  for m in &models::MODELS { let p=m.planned(); let i=Interpreter::new(p.network()).unwrap();
   let n=i.input_len();
   let golden:Vec<Golden>=(0..5).map(|k|{let input:Vec<i8>=(0..n).map(|j|((j*37+k*91)%256) as u8 as i8).collect(); let output=i.run(&input); Golden{input,output}}).collect();
   let mut prov=Provenance{tool_version:"0.1.0".into(),task:"tells things apart".into(),..Default::default()}; prov.inputs=vec!["raw / 16".into()];
   let pk=emit(&p,&board,&Limits::of(&board),&prov,&golden).unwrap();
   let dir=firmware::work_dir("try").join(m.name); firmware::write_package(&pk,&dir);
   let mut raw=Vec::new(); let mut exp=Vec::new(); for g in &golden{raw.extend(g.input.iter().map(|v|*v as u8)); exp.extend(g.output.iter().map(|v|*v as u8));}
   std::fs::write(dir.join("samples.bin"),raw).unwrap();
   let t=firmware::work_dir("target");
   println!("{}",firmware::cargo(&dir,&t,&["test"]).unwrap_or_else(|e|e));
   println!("{}",firmware::cargo(&dir,&t,&["clippy","--all-targets","--","-Dwarnings"]).unwrap_or_else(|e|e));
   let elf=firmware::build_firmware(&dir,&t,&board).unwrap();
   println!("{:?}",firmware::run(&board,&elf,&dir)); println!("equal {}",std::fs::read(dir.join("outputs.bin")).unwrap()==exp);
   let e=firmware::elf(&elf); println!("flash {} {:#?}",e.flash_bytes, ember_codegen::cost::footprint_of(&p,&board));
  }
}
