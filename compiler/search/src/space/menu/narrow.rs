//! A menu without what a [`Narrowing`] does not allow.

use std::ops::RangeInclusive;

use super::{Kind, Menu};
use crate::space::narrowing::{Narrowing, is_within, once};
use crate::space::{SpaceError, SpaceKind};

impl Menu {
    /// Offers only bottlenecks that are allowed.
    pub(in crate::space) fn narrow_hidden(
        &mut self,
        space: SpaceKind,
        allowed: Option<&RangeInclusive<usize>>,
    ) -> Result<(), SpaceError> {
        let offered = self.hidden.clone();
        self.hidden
            .retain(|hidden| hidden.is_none_or(|width| is_within(allowed, width)));
        if self.hidden.is_empty() {
            let offered: Vec<usize> = offered.into_iter().flatten().collect();
            return Err(SpaceError::Narrow {
                space,
                what: "bottleneck",
                allowed: allowed.map_or_else(String::new, |range| format!("{range:?}")),
                offered: format!("{offered:?}"),
            });
        }
        Ok(())
    }

    /// Offers only what is allowed.
    pub(in crate::space) fn narrow(
        &mut self,
        space: SpaceKind,
        allowed: &Narrowing,
    ) -> Result<(), SpaceError> {
        let error = |what, allowed: String, offered: String| {
            Err(SpaceError::Narrow {
                space,
                what,
                allowed,
                offered,
            })
        };
        let ranges = [
            ("width", &mut self.widths, &allowed.width),
            ("kernel", &mut self.kernels, &allowed.kernel),
            ("stride", &mut self.strides, &allowed.stride),
            ("dilation", &mut self.dilations, &allowed.dilation),
            ("pool", &mut self.pools, &allowed.pool),
        ];
        for (what, offered, range) in ranges {
            let Some(range) = range else { continue };
            let all = format!("{offered:?}");
            offered.retain(|value| range.contains(value));
            if offered.is_empty() {
                return error(what, format!("{range:?}"), all);
            }
        }
        self.hidden
            .retain(|hidden| hidden.is_none_or(|width| is_within(allowed.hidden(), width)));
        if let Some(range) = &allowed.depth {
            let [least, most] = [*self.depth.start(), *self.depth.end()];
            let depth = least.max(*range.start())..=most.min(*range.end());
            if depth.is_empty() {
                return error("depth", format!("{range:?}"), format!("{:?}", self.depth));
            }
            self.depth = depth;
        }
        if !allowed.blocks.is_empty() {
            let all = [self.stems.clone(), self.kinds.clone()].concat();
            let is_left = |kinds: &mut Vec<Kind>| {
                kinds.retain(|kind| allowed.blocks.contains(kind));
                !kinds.is_empty()
            };
            match (is_left(&mut self.stems), is_left(&mut self.kinds)) {
                (true, true) => {}
                (false, true) => self.stems.clone_from(&self.kinds),
                (true, false) => self.kinds.clone_from(&self.stems),
                (false, false) => {
                    return error(
                        "blocks",
                        names(&allowed.blocks),
                        names(&once(all.into_iter())),
                    );
                }
            }
        }
        if !allowed.heads.is_empty() {
            let all = self.heads.clone();
            self.heads.retain(|head| allowed.heads.contains(head));
            if self.heads.is_empty() {
                return error(
                    "heads",
                    names(&allowed.heads),
                    names(&once(all.into_iter())),
                );
            }
        }
        if !allowed.activations.is_empty() {
            self.activations = once(allowed.activations.iter().copied());
        }
        self.allowed = match allowed.hop {
            Some(_) => self.as_narrowing(allowed),
            None => allowed.clone(),
        };
        Ok(())
    }

    /// What is offered, for those that do not draw from the menu.
    fn as_narrowing(&self, allowed: &Narrowing) -> Narrowing {
        let ends = |list: &[usize]| Some(*list.first()?..=*list.last()?);
        Narrowing {
            depth: Some(self.depth.clone()),
            kernel: ends(&self.kernels),
            stride: ends(&self.strides),
            dilation: ends(&self.dilations),
            pool: ends(&self.pools),
            blocks: once(self.stems.iter().chain(&self.kinds).copied()),
            heads: once(self.heads.iter().copied()),
            ..allowed.clone()
        }
    }
}

fn names<T: serde::Serialize>(values: &[T]) -> String {
    let name = |value: &T| serde_json::to_string(value).unwrap_or_default();
    values.iter().map(name).collect::<Vec<_>>().join(", ")
}
