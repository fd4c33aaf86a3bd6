package org.mobilevos.screens;

/** The app's TurningLayout: a picture above its controls, or beside them where the screen is wider than high. */
final class Turning extends Linear {
    private final Device device;
    private final int panel;

    Turning(Attributes attributes) {
        super(attributes, "vertical");
        device = attributes.resources.device;
        panel = Math.round(attributes.resources.dimension("panel"));
    }

    @Override
    void measure(Spec acrossSpec, Spec downSpec) {
        across = device.width() > device.height();
        View picture = children.get(0);
        View controls = children.get(1);
        picture.wishWidth = across ? 0 : Spec.MATCH;
        picture.wishHeight = across ? Spec.MATCH : 0;
        picture.weight = 1;
        controls.wishWidth = across ? panel : Spec.MATCH;
        controls.wishHeight = across ? Spec.MATCH : Spec.WRAP;
        super.measure(acrossSpec, downSpec);
    }
}
