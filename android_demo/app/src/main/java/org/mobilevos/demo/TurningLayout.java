package org.mobilevos.demo;

import android.content.Context;
import android.content.res.Configuration;
import android.util.AttributeSet;
import android.view.View;
import android.widget.LinearLayout;

/** A picture above its controls, or beside them where the screen is wider than high. Has these two children. */
public final class TurningLayout extends LinearLayout {
    public TurningLayout(Context context, AttributeSet attributes) {
        super(context, attributes);
    }

    @Override
    protected void onFinishInflate() {
        super.onFinishInflate();
        turn(getResources().getConfiguration());
    }

    @Override
    protected void onConfigurationChanged(Configuration configuration) {
        super.onConfigurationChanged(configuration);
        turn(configuration);
    }

    private void turn(Configuration configuration) {
        boolean beside = configuration.screenWidthDp > configuration.screenHeightDp;
        View picture = getChildAt(0);
        View controls = getChildAt(1);
        setOrientation(beside ? HORIZONTAL : VERTICAL);
        picture.setLayoutParams(beside
                ? new LayoutParams(0, LayoutParams.MATCH_PARENT, 1)
                : new LayoutParams(LayoutParams.MATCH_PARENT, 0, 1));
        controls.setLayoutParams(beside
                ? new LayoutParams(getResources().getDimensionPixelSize(R.dimen.panel), LayoutParams.MATCH_PARENT)
                : new LayoutParams(LayoutParams.MATCH_PARENT, LayoutParams.WRAP_CONTENT));
    }
}
